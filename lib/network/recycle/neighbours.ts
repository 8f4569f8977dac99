import type { Request } from '../../netlink/request.ts';
import { change, NETLINK_ROUTE } from '../../rtnetlink/requests.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';

const RTM_DELNEIGH = 29;
const RTM_GETNEIGH = 30;
/** The size of struct ndmsg. */
const NDMSG = 12;
const NDA_DST = 1;
const NUD_NOARP = 0x40;
const NUD_PERMANENT = 0x80;
const LOOPBACK = 1;

/** A neighbour, as far as it matters for taking it away. */
interface Known {
  readonly family: number;
  readonly index: number;
  readonly state: number;
  readonly dst: Uint8Array;
}

/** What the namespace has learnt of whom it spoke to. */
export const neighbours: Request<Known[]> = {
  operation: 'network.recycle',
  family: NETLINK_ROUTE,
  write(messages) {
    messages.begin(RTM_GETNEIGH, NLM_F_DUMP, 'RTM_GETNEIGH');
    messages.writer.zeros(NDMSG);
    messages.end();
  },
  read(replies) {
    const found: Known[] = [];
    while (replies.next()) {
      const { bytes, view, from, to } = replies;
      const index = view.getInt32(from + 4, true);
      const state = view.getUint16(from + 8, true);
      // The loopback's only one stands for all addresses, and tells nothing.
      if (index === LOOPBACK && state === NUD_NOARP) continue;
      let dst = new Uint8Array(0);
      for (let at = from + NDMSG; at + 4 <= to; ) {
        const length = Math.max(4, view.getUint16(at, true));
        if (view.getUint16(at + 2, true) === NDA_DST) dst = bytes.slice(at + 4, at + length);
        at += (length + 3) & ~3;
      }
      found.push({ family: bytes[from], index, state, dst });
    }
    return found;
  },
};

/** Whether somebody has set it. */
export const isSet = ({ state }: Known): boolean => (state & NUD_PERMANENT) !== 0;

export function forget({ family, index, dst }: Known): Request<void> {
  return change('network.recycle', (m) => {
    const w = m.writer;
    m.begin(RTM_DELNEIGH, 0, 'RTM_DELNEIGH');
    w.u8(family);
    w.zeros(3);
    w.u32(index);
    w.zeros(4);
    const at = w.begin(NDA_DST);
    w.raw(dst);
    w.end(at);
    m.end();
  });
}
