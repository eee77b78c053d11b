// node topologies.js ws://HOST:PORT/kurento CLIP.webm FOLDER
//
// The official client builds the three topologies, each of them full of media: for every browser
// there is a second WebRtcEndpoint in a pipeline of "pages", fed by a player and joined by offer,
// answer and trickled candidates. The last line is one JSON object: what each topology came to.
const kurento = require('kurento-client');
const [url, clip, folder] = process.argv.slice(2);
const WITHIN_MS = 60_000;

async function main() {
  const client = await kurento(url, {failAfter: 3, access_token: null});
  const server = await client.getServerManager();
  const results = {};
  for (const [name, build] of Object.entries({one_to_one: oneToOne, group, broadcast})) {
    const pipelines = [await client.create('MediaPipeline'), await client.create('MediaPipeline')];
    const held = (await server.getPipelines()).length;
    results[name] = {...(await build(...pipelines)), pipelines: held};
    for (const pipeline of pipelines) await pipeline.release();
    results[name].pipelines_left = (await server.getPipelines()).length;
  }
  results.error = await refused(client);
  client.close();
  console.log(JSON.stringify(results));
  process.exit(0);
}

// Two ends, each sent to the other and to a file of its own.
async function oneToOne(pipeline, pages) {
  const ends = [await endpoint(pipeline), await endpoint(pipeline)];
  const recorders = [];
  for (const [i, end] of ends.entries()) {
    const settings = {uri: `file://${folder}/call-${i}.webm`, mediaProfile: 'WEBM'};
    recorders.push(await pipeline.create('RecorderEndpoint', settings));
    await end.connect(ends[1 - i]);
    await end.connect(recorders[i]);
  }
  const callers = [await page(pages, ends[0], true), await page(pages, ends[1], true)];
  for (const recorder of recorders) await recorder.record();
  const received = await Promise.all(callers.map(video));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  for (const recorder of recorders) await recorder.stopAndWait();
  for (const each of [...recorders, ...ends]) await each.release();
  return {received: received.length, files: recorders.length};
}

// Members of a mixer; one leaves.
async function group(pipeline, pages) {
  const mixer = await pipeline.create('Composite');
  const members = [];
  for (let i = 0; i < 3; i++) {
    const [end, port] = [await endpoint(pipeline), await mixer.createHubPort()];
    await end.connect(port);
    await port.connect(end);
    members.push({end, port, shown: await page(pages, end, true)});
  }
  const received = await Promise.all(members.map(({shown}) => video(shown)));
  const [first, ...others] = members;
  await first.end.release();
  await first.port.release();
  await Promise.all(others.map(({shown}) => video(shown)));
  for (const {end, port} of others) {
    await end.release();
    await port.release();
  }
  await mixer.release();
  return {received: received.length};
}

// A presenter and viewers; one viewer is taken off and put on again.
async function broadcast(pipeline, pages) {
  const presenter = await endpoint(pipeline);
  await page(pages, presenter, true);
  const viewers = [];
  for (let i = 0; i < 3; i++) {
    const end = await endpoint(pipeline);
    await presenter.connect(end);
    viewers.push({end, shown: await page(pages, end, false)});
  }
  const received = await Promise.all(viewers.map(({shown}) => video(shown)));
  const connections = (await presenter.getSinkConnections()).length;
  await presenter.disconnect(viewers[0].end);
  const without = (await presenter.getSinkConnections()).length;
  await presenter.connect(viewers[0].end);
  await video(viewers[0].shown);
  return {received: received.length, connections, without};
}

async function endpoint(pipeline) {
  const end = await pipeline.create('WebRtcEndpoint');
  end.waiting = [];
  end.on('IceCandidateFound', ({candidate}) => {
    if (end.peer) end.peer.addIceCandidate(kurento.getComplexType('IceCandidate')(candidate));
    else end.waiting.push(candidate);
  });
  return end;
}

// What stands for a browser in front of an endpoint of the server.
async function page(pages, end, sends) {
  const own = await endpoint(pages);
  if (sends) {
    const player = await pages.create('PlayerEndpoint', {uri: `file://${clip}`});
    player.on('EndOfStream', () => player.play());
    await player.connect(own);
    await player.play();
  }
  const connected = event(own, 'ConnectionStateChanged', ({newState}) => newState === 'CONNECTED');
  const answer = await end.processOffer(await own.generateOffer());
  await own.processAnswer(answer);
  for (const [from, to] of [[own, end], [end, own]]) {
    from.peer = to;
    await from.gatherCandidates();
    for (const each of from.waiting)
      await to.addIceCandidate(kurento.getComplexType('IceCandidate')(each));
  }
  await connected;
  return own;
}

// Resolves once more video has come to this page.
async function video(own) {
  const bytes = async () => Object.values(await own.getStats('VIDEO'))
    .filter(({type}) => type === 'inboundrtp')
    .reduce((sum, {bytesReceived}) => sum + Number(bytesReceived), 0);
  const [before, until] = [await bytes(), Date.now() + WITHIN_MS];
  while (Date.now() < until) {
    const now = await bytes();
    if (now > before) return now - before;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no video came to ${own.id} within ${WITHIN_MS} ms`);
}

function event(object, name, right) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${name} of ${object.id}`)), WITHIN_MS);
    object.on(name, (data) => {
      if (!right(data)) return;
      clearTimeout(late);
      resolve();
    });
  });
}

// How the server refuses what is not there.
async function refused(client) {
  try {
    await client.getMediaobjectById('00000000-0000-0000-0000-000000000000_kurento.MediaPipeline');
  } catch (error) {
    return {code: error.code, type: error.data && error.data.type};
  }
  return null;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
