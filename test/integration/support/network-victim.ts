// Goes through the life of a network, and is killed somewhere on the way: see network-kill.test.ts.
import { BridgeNetwork, RoutedNetwork } from '../../../lib/index.ts';

const Network = process.argv[2] === 'routed' ? RoutedNetwork : BridgeNetwork;
const network = await Network.create({ name: 'net0', subnet: '10.88.0.0/24', masquerade: true });
const web = await network.attach({ name: 'web', publish: { hostPort: 8080, port: 80 } });
const old = await network.attach({ netns: 'old', publish: { hostPort: 8081, port: 80 } });
await network.attach();
await web.publish({ hostPort: '9000-9002', port: 80 });
await web.unpublish({ hostPort: 9001, port: 80 });
await old.detach();
await network.attach('db');
await web.detach();
await network.delete();
process.stdout.write('whole');
