// Reads what is unusual about a room out of the folder of the page's address: /NAME=VALUE&NAME=VALUE/.
//
// Switches for all have a value of any form. The others have lists with commas of WHO>TO:WHAT, where
// WHO and TO are members (* or nothing: each), and those for later have @SECONDS behind it, which
// count from when the page was in its call with everybody.
const FORM = /^(?<who>\w+|\*)(?:>(?<to>\w+|\*))?(?::(?<what>\w+))?(?:@(?<after>[\d.]+))?$/;

// Whether a value is meant by the WHO, TO or WHAT of a switch.
export const fits = (pattern, value) => [undefined, "*", value].includes(pattern);

// The names of a page's switches; throws for what is none of them.
export function readSwitches({ forAll, fromTheStart, later }) {
  const given = new URLSearchParams(location.pathname.split("/").at(-2));
  const switches = [];
  for (const [name, values] of given) {
    if (forAll.includes(name)) continue;
    if (![...fromTheStart, ...later].includes(name)) throw new Error(`no such switch: ${name}`);
    for (const value of values.split(",")) {
      const form = FORM.exec(value);
      if (!form || later.includes(name) === !form.groups.after) throw new Error(`cannot be read: ${name}=${value}`);
      switches.push({ name, ...form.groups });
    }
  }
  return {
    // The value of a switch for all, or null.
    forAll: (name) => given.get(name),
    // What is done later: { name, who, to, what, after }.
    later: switches.filter(({ after }) => after),
    // What concerns the media from one to the other.
    between: (name, who, to) => switches.filter(
      (each) => each.name === name && fits(each.who, who) && fits(each.to, to)),
  };
}
