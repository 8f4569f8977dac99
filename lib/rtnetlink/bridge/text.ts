import type { BridgeMac, BridgeSummary, StpBridge, StpPort } from './views.ts';

/** The text of `brctl`'s views, columns as wide as what is in them. */

function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}

/** `brctl show` */
export function formatBridges(bridges: readonly BridgeSummary[]): string {
  const rows = [['bridge name', 'bridge id', 'STP enabled', 'interfaces']];
  for (const bridge of bridges) {
    const [first = '', ...more] = bridge.ports;
    rows.push([bridge.name, bridge.bridgeId, bridge.stp ? 'yes' : 'no', first]);
    for (const port of more) rows.push(['', '', '', port]);
  }
  return columns(rows);
}

/** `brctl showmacs` */
export function formatMacs(macs: readonly BridgeMac[]): string {
  const rows = [['port no', 'port', 'mac addr', 'vlan', 'is local?', 'ageing timer']];
  for (const mac of macs) {
    rows.push([
      mac.portNumber === undefined ? '-' : String(mac.portNumber),
      mac.port,
      mac.mac,
      mac.vlan === undefined ? '' : String(mac.vlan),
      mac.local ? 'yes' : 'no',
      mac.age.toFixed(2),
    ]);
  }
  return columns(rows);
}

const hex = (id: number) => id.toString(16).padStart(4, '0');

function portRows(port: StpPort): string {
  const flags = [
    port.configPending ? 'CONFIG_PENDING' : '',
    port.topologyChangeAck ? 'TOPOLOGY_CHANGE_ACK' : '',
    port.hairpin ? 'hairpin' : '',
  ].filter((flag) => flag !== '');
  const rows = columns([
    ['  port id', hex(port.id), 'state', String(port.state)],
    ['  designated root', port.designatedRoot, 'path cost', String(port.pathCost)],
    [
      '  designated bridge',
      port.designatedBridge,
      'message age timer',
      port.messageAgeTimer.toFixed(2),
    ],
    [
      '  designated port',
      hex(port.designatedPort),
      'forward delay timer',
      port.forwardDelayTimer.toFixed(2),
    ],
    ['  designated cost', String(port.designatedCost), 'hold timer', port.holdTimer.toFixed(2)],
    ['  flags', flags.join(' ')],
  ]);
  return `${port.name} (${port.number})\n${rows}`;
}

/** `brctl showstp` */
export function formatStp(bridge: StpBridge): string {
  const flags = [
    bridge.topologyChange ? 'TOPOLOGY_CHANGE' : '',
    bridge.topologyChangeDetected ? 'TOPOLOGY_CHANGE_DETECTED' : '',
  ].filter((flag) => flag !== '');
  const rows = columns([
    ['  bridge id', bridge.bridgeId, 'STP enabled', bridge.stp ? 'yes' : 'no'],
    ['  designated root', bridge.designatedRoot, 'path cost', String(bridge.rootPathCost)],
    ['  root port', String(bridge.rootPort), 'max age', bridge.maxAge.toFixed(2)],
    ['  hello time', bridge.helloTime.toFixed(2), 'forward delay', bridge.forwardDelay.toFixed(2)],
    ['  ageing time', bridge.ageingTime.toFixed(2), 'hello timer', bridge.helloTimer.toFixed(2)],
    ['  tcn timer', bridge.tcnTimer.toFixed(2), 'gc timer', bridge.gcTimer.toFixed(2)],
    ['  topology change timer', bridge.topologyChangeTimer.toFixed(2)],
    ['  flags', flags.join(' ')],
  ]);
  return [`${bridge.name}\n${rows}`, ...bridge.ports.map(portRows)].join('\n');
}
