// Puts the card on a bridge and takes it off, and is killed on the way: see network-kill-card.test.ts.
import { BridgeNetwork } from '../../../lib/index.ts';

const network = await BridgeNetwork.create({ name: 'net0', subnet: '10.88.0.0/24' });
await network.attach('web');
const card = await network.enslave('eth0', { promisc: true });
await card.release();
await network.enslave('eth0');
await network.delete();
process.stdout.write('whole');
