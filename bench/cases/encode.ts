import { Messages } from '../../lib/netlink/messages.ts';
import { link } from '../../lib/rtnetlink/link/api.ts';
import { bulk, type Case } from '../harness/case.ts';

const encode: Case = {
  name: 'encode',
  title: "encode the attach's veth message",
  rounds: 10,
  count: 20,
  goals: [{ within: 1_000 }],
  async open() {
    const request = link.add({
      kind: 'veth',
      name: 'veth-web',
      index: 100,
      up: true,
      master: 7,
      numTxQueues: 1,
      numRxQueues: 1,
      address: '02:00:00:00:00:01',
      peer: {
        name: 'eth0',
        index: 2,
        netns: { fd: 30 },
        numTxQueues: 1,
        numRxQueues: 1,
        address: '02:00:00:00:00:02',
      },
    });
    const messages = new Messages();
    return {
      contestants: {
        ours: async (count) =>
          bulk(count, () => {
            messages.reset();
            request.write(messages);
          }),
      },
    };
  },
};

export default encode;
