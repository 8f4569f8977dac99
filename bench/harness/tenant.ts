import type { NetNs } from 'node-netns';
import { run } from '../../dist/netlink/task.js';

const AF_INET = 2;
const SOCK_STREAM = 1;

/** 127.0.0.1:7777, struct sockaddr_in. */
const address = new Uint8Array([2, 0, 0x1e, 0x61, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);

/** What a tenant does in the shortest time: one TCP connection, made and closed. */
export function oneConnection(netns: NetNs): Promise<void> {
  return run<void>({
    operation: 'a connection',
    write(plan) {
      plan.enter(netns.fd);
      const [server, client] = [plan.slot(), plan.slot()];
      plan.socket(server, AF_INET, SOCK_STREAM, 0);
      plan.bindAddress(~server, address);
      plan.listen(~server, 1);
      plan.socket(client, AF_INET, SOCK_STREAM, 0);
      plan.connect(~client, address);
      plan.close(client);
      plan.close(server);
    },
    read() {},
  });
}
