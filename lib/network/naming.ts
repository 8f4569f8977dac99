import type { PlanWriter } from '../netlink/plan.ts';
import { pathOf } from '../netns/names.ts';
import { writeRunDir } from '../netns/run-dir.ts';

const O_CREAT = 0o100;
const O_EXCL = 0o200;

/**
 * The mode of the files that names of endpoints are mounted on: the sticky bit, which means nothing
 * there, tells a sweep that a network has made a file which a crash has left without a namespace.
 */
export const ENDPOINT_MODE = 0o1000;

/** Steps that give a namespace a name in /run/netns: EEXIST where it is taken. */
export function writeName(plan: PlanWriter, name: string, fd: number): void {
  const path = pathOf(name);
  writeRunDir(plan);
  plan.open(plan.slot(), O_CREAT | O_EXCL, path, ENDPOINT_MODE);
  plan.unlink(path, plan.UNDO | plan.IGNORE);
  plan.bind(fd, path);
  plan.unmount(path, plan.UNDO | plan.IGNORE);
}
