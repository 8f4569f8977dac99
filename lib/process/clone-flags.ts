/** CLONE_NEW* and CLONE_FS of clone(2), unshare(2) and setns(2), by the kernel's names (linux/sched.h). */
export const CLONE = {
  NEWTIME: 0x80,
  FS: 0x200,
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;
