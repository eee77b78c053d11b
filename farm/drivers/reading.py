"""Reads a driver file: YAML to `farm.model.driver` values, or an error of one line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from farm.drivers.answer_reading import read_channel_answers
from farm.drivers.given import Given, suggestion
from farm.drivers.hold_reading import read_hold_steps
from farm.drivers.step_reading import read_steps, saved_by
from farm.errors import ExperimentError, MissingTool
from farm.experiment_file.yaml_nodes import Document, read_yaml
from farm.files.path_beside import is_there
from farm.files.text_file import text_of
from farm.model.driver import Driver, RoleSteps, is_file_name
from farm.model.experiment import RoomMedia
from farm.model.template_text import environment_in, template_of

DRIVER_KEYS = ("format", "media", "roles")
ROLE_KEYS = ("join", "joined", "after_join", "leave", "after", "round_trip")


def driver_names() -> list[str]:
    """Names of the drivers that come with the farm."""
    return sorted(
        each.name.removesuffix(".yaml")
        for each in _packaged().iterdir()
        if each.name.endswith(".yaml")
    )


def read_driver(name: str, beside: Path = Path(), own: Collection[str] = ()) -> Driver:
    """The driver of that name, or in that YAML file (a path from the directory `beside`).

    `own` are the names of variables that are not the farm's.
    Raises MissingTool if there is none, ExperimentError with `file:line: key` for what is wrong.
    """
    path, source = driver_path(name, beside), name if is_file_name(name) else f"{name}.yaml"
    try:
        if not is_there(path):
            raise MissingTool(_no_driver(name))
        text = text_of(path)
    except ExperimentError as error:
        raise ExperimentError(f"app.driver: {error}") from error
    return parse_driver(text, source, path.parent, own)


def driver_path(name: str, beside: Path = Path()) -> Path:
    """The file of the driver of that name; it need not exist."""
    if is_file_name(name):
        return beside / Path(name).expanduser()
    return _packaged() / f"{name}.yaml"


def parse_driver(text: str, source: str, folder: Path, own: Collection[str] = ()) -> Driver:
    """Parse a driver; `folder` has the files that it names, `source` is its name in messages."""
    document = read_yaml(text, source)
    given = Given(document, folder, value=document.value, own=tuple(own))
    driver = given.mapping(DRIVER_KEYS, "format: and roles:")
    version = given.member("format")
    if version.value != 1:
        raise version.wrong(f"{version.value}: this farm reads format: 1")
    roles = _roles(given.member("roles"))
    name = source.rpartition("/")[2].partition(".")[0]
    media = _media(driver["media"]) if "media" in driver else None
    return Driver(name, roles, media, dict(_environment(document)))


def _environment(document: Document) -> Iterator[tuple[str, str]]:
    """The variables of the environment that a driver names, each with its first place."""
    named: set[str] = set()
    for place, text in document.texts():
        for name in environment_in(template_of(text)):
            if name not in named:
                named.add(name)
                yield name, document.place(place)


def _media(given: Given) -> RoomMedia | None:
    match given.value:
        case None | "mixed" | "forwarded" as media:
            return media
    raise given.must_be("mixed or forwarded")


def _roles(given: Given) -> Mapping[str, RoleSteps]:
    members = given.members()
    if not members:
        raise given.wrong("must say how each role joins (callee:, caller:, ...)")
    roles = {name: _role(role) for name, role in members.items()}
    for name, role in roles.items():
        _check_order(members[name].member("after"), name, role, roles)
    return roles


def _role(given: Given) -> RoleSteps:
    given.mapping(ROLE_KEYS, "join:, joined:, after_join:, leave:, after: or round_trip:")
    join, after = read_steps(given.member("join")), given.member("after")
    if not join:
        raise given.member("join").wrong("needs at least one step, goto: an address")
    if after.value is not None and not isinstance(after.value, str):
        raise after.must_be("a role's name")
    then = given.knowing(*saved_by(join))
    joined = read_steps(then.member("joined"))
    then = then.knowing(*saved_by(joined))
    return RoleSteps(
        join=join,
        joined=joined,
        leave=read_steps(then.member("leave")),
        after=after.value,
        after_join=read_hold_steps(then.member("after_join")),
        answers=read_channel_answers(given.member("round_trip")),
    )


def _check_order(after: Given, name: str, role: RoleSteps, roles: Mapping[str, RoleSteps]) -> None:
    if role.after is not None and role.after not in roles:
        others = [each for each in roles if each != name]
        known = suggestion(role.after, others) if others else f"; {name} is the only one"
        raise after.wrong(f"no role {role.after}{known}")
    passed = [name]
    while (before := roles[passed[-1]].after) is not None and before in roles:
        if before in passed:
            raise after.wrong(f"{' after '.join([*passed, before])}: no role is first")
        passed.append(before)


def _packaged() -> Path:
    return Path(str(files("browser_scripts"))) / "drivers"


def _no_driver(name: str) -> str:
    return f"app.driver: {name}: no such driver or file{suggestion(name, driver_names())}"
