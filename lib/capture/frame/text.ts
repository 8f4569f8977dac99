/** Addresses as people write them, read straight from the frame's bytes. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `02:00:00:00:00:01` */
export function macText(view: DataView, offset: number): string {
  let text = HEX[view.getUint8(offset)];
  for (let i = 1; i < 6; i++) text += `:${HEX[view.getUint8(offset + i)]}`;
  return text;
}

/** `10.0.0.1` */
export function ipv4Text(view: DataView, offset: number): string {
  return (
    `${view.getUint8(offset)}.${view.getUint8(offset + 1)}.` +
    `${view.getUint8(offset + 2)}.${view.getUint8(offset + 3)}`
  );
}

/** `fe80::1`: RFC 5952, the longest run of zeros shortened, the first one when there are two. */
export function ipv6Text(view: DataView, offset: number): string {
  const mapped =
    view.getUint32(offset) === 0 &&
    view.getUint32(offset + 4) === 0 &&
    view.getUint32(offset + 8) === 0xffff;
  if (mapped) return `::ffff:${ipv4Text(view, offset + 12)}`;
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && view.getUint16(offset + 2 * (i + run)) === 0) run++;
    if (run > bestLength) {
      best = i;
      bestLength = run;
    }
    if (run > 0) i += run - 1;
  }
  const words = (from: number, to: number): string => {
    const parts: string[] = [];
    for (let i = from; i < to; i++) parts.push(view.getUint16(offset + 2 * i).toString(16));
    return parts.join(':');
  };
  return best < 0 ? words(0, 8) : `${words(0, best)}::${words(best + bestLength, 8)}`;
}
