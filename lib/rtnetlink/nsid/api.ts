import { integer } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { NetNsRef, Request } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import { AF_UNSPEC } from '../families.ts';
import { change, question, questionOne } from '../requests.ts';
import { NETNSA_NSID_NOT_ASSIGNED, RTM_GETNSID, RTM_NEWNSID } from './constants.ts';
import { checkNetns } from './netns.ts';
import { generalMessage, nsidTable } from './schema.ts';

const SCHEMA = { header: generalMessage.size, table: nsidTable };
const NETNSA_FD = 3;
const MAX_ID = 0x7fffffff;

function begin(m: Messages, type: number, flags: number, syscall: string): void {
  m.begin(type, flags, syscall, SCHEMA);
  m.writer.u8(AF_UNSPEC);
  m.writer.zeros(generalMessage.size - 1);
}

function writeNetns(m: Messages, netns: NetNsRef): void {
  const start = m.writer.begin(NETNSA_FD);
  m.netns(netns);
  m.writer.end(start);
}

/** An id that this namespace knows another by. */
export interface NsIdEntry {
  id: number;
  /** With a list for another namespace: the id by which this one knows the same namespace. */
  currentId?: number;
}

/** The numbers by which a namespace knows others: in `linkNetnsId`, and to watch all at once. */
export const nsid = {
  /** Gives a namespace an id, by which this one knows it from now on; EEXIST when it has one. The kernel chooses without `id`. */
  assign(netns: NetNsRef, id?: number): Request<void> {
    checkNetns('netns', netns);
    if (id !== undefined) integer('id', id, 0, MAX_ID);
    return change('nsid.assign', (m) => {
      begin(m, RTM_NEWNSID, 0, 'RTM_NEWNSID');
      writeNetns(m, netns);
      nsidTable.encode(m.writer, { id: id ?? NETNSA_NSID_NOT_ASSIGNED }, 'nsid');
      m.end();
    });
  },

  /** The id by which this namespace knows another; undefined when it has none. */
  get(netns: NetNsRef): Request<number | undefined> {
    checkNetns('netns', netns);
    return questionOne(
      'nsid.get',
      (m) => {
        begin(m, RTM_GETNSID, 0, 'RTM_GETNSID');
        writeNetns(m, netns);
        m.end();
      },
      (r) => {
        const { id } = nsidTable.decode(r.bytes, r.view, r.from + generalMessage.size, r.to);
        return id === undefined || id === NETNSA_NSID_NOT_ASSIGNED ? undefined : id;
      },
    );
  },

  /** Every id that this namespace has given. */
  list(): Request<NsIdEntry[]> {
    return question(
      'nsid.list',
      (m) => {
        begin(m, RTM_GETNSID, NLM_F_DUMP, 'RTM_GETNSID');
        m.end();
      },
      (r) => {
        const { id, currentId } = nsidTable.decode(
          r.bytes,
          r.view,
          r.from + generalMessage.size,
          r.to,
        );
        if (id === undefined || id === NETNSA_NSID_NOT_ASSIGNED) return undefined;
        return currentId === undefined ? { id } : { id, currentId };
      },
    );
  },
} as const;
