import type { PlanWriter } from '../netlink/plan.ts';
import { RUN_DIR } from './names.ts';

// Once a thread: everybody shares the mount, and it outlives us all.
let made = false;

/** Whether this thread has seen /run/netns made the shared mount that names need. */
export const runDirIsMade = (): boolean => made;

/** The steps that make it, for who is the first. */
export function writeRunDir(plan: PlanWriter): void {
  if (!made) plan.runDir(RUN_DIR);
}

/** A plan with those steps has succeeded. */
export function runDirWasMade(): void {
  made = true;
}
