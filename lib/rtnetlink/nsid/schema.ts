import { s32, u8, u32 } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';

/** struct rtgenmsg, padded to four bytes. */
export const generalMessage = struct('rtgenmsg', { family: u8, pad1: u8, pad2: u8, pad3: u8 });

/** NETNSA_*: the number by which one namespace knows another. */
export const nsidTable = table('nsid', {
  id: attr(1, s32, { kernel: 'NETNSA_NSID', since: '4.0' }),
  pid: attr(2, u32, { kernel: 'NETNSA_PID', since: '4.0' }),
  fd: attr(3, u32, { kernel: 'NETNSA_FD', since: '4.0' }),
  targetId: attr(4, s32, { kernel: 'NETNSA_TARGET_NSID', since: '5.0' }),
  currentId: attr(5, s32, { kernel: 'NETNSA_CURRENT_NSID', since: '5.0', readonly: true }),
});
