// Loads the addon in a worker thread of its own and keeps it busy until it is terminated, or ends.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const load = createRequire(import.meta.url)('node-gyp-build');
const addon = load(fileURLToPath(new URL('../../..', import.meta.url)));
const { plans, mode } = workerData;

let delivered = 0;
let underway = 0;
let polls = [];

function submit() {
  while (underway < 8) {
    const plan = plans[Math.floor(Math.random() * plans.length)];
    if (addon.submit(plan, plan.length) > 0) underway++;
  }
}

addon.start((_ticket, _errno, _step, _message, result) => {
  underway--;
  delivered++;
  const view = new DataView(result.buffer, result.byteOffset);
  // Some of what comes out is closed, some is left to the end of the thread, watched or not.
  for (let i = 0; i < view.getUint32(0, true); i++) {
    const fd = view.getInt32(8 + i * 8, true);
    if (delivered % 3 === 0 || addon.openFds() > 50) addon.close(fd);
  }
  if (delivered % 10 === 0) {
    const socket = addon.socket(16, 3, 0);
    polls.push(addon.poll(socket, () => {}));
    if (polls.length > 5) {
      for (const poll of polls) poll.close();
      polls = [];
    }
  }
  if (delivered === 20) parentPort.postMessage('busy');
  if (mode === 'throw' && delivered === 20) throw new Error('thrown by the callback');
  if (mode === 'exit' && delivered === 30) process.exit(0);
  if (mode !== 'end' || delivered < 100) submit();
  else for (const poll of polls) poll.unref();
});
if (mode === 'sync') {
  parentPort.postMessage('busy');
  for (;;) for (const plan of plans) addon.runSync(plan, plan.length);
}
submit();
