import { getSystemErrorName } from 'node:util';
import type { Plan } from '../netlink/task.ts';
import type { Hold } from './hold.ts';
import { isLeftover, pathOf, RUN_DIR } from './names.ts';
import { runDirWasMade, writeRunDir } from './run-dir.ts';

const CLONE_NEWNET = 0x40000000;

/**
 * The plan that makes a namespace, and binds it to its name.
 * @param kin one beside which it is made
 */
export function creation<T>(
  name: string | undefined,
  replaceLeftover: boolean | undefined,
  made: (fd: number) => T,
  kin?: Hold,
): Plan<T> {
  return {
    operation: 'NetNs.create',
    netns: name === undefined ? undefined : `namespace '${name}'`,
    write(plan) {
      kin?.reach(plan);
      const slot = plan.slot();
      plan.unshare(slot, CLONE_NEWNET);
      plan.export(slot);
      if (name !== undefined) bindName(plan, name, ~slot, replaceLeftover === true);
    },
    read: (result) => {
      if (name !== undefined) runDirWasMade();
      return made(result.fd(0));
    },
    explain: (errno) => explainName(errno, name),
  };
}

/** The plan that gives a namespace a name. */
export function persistence(fd: number, name: string, replaceLeftover: boolean): Plan<void> {
  return {
    operation: 'netns.persist',
    netns: `namespace '${name}'`,
    write: (plan) => bindName(plan, name, fd, replaceLeftover),
    read: runDirWasMade,
    explain: (errno) => explainName(errno, name),
  };
}

/** The plan that takes a name away; the namespace lives on while something holds it. */
export function deletion(name: string): Plan<void> {
  const path = pathOf(name);
  return {
    operation: 'NetNs.delete',
    netns: `namespace '${name}'`,
    write(plan) {
      // Nothing is mounted on a leftover, and then there is nothing to unmount.
      plan.unmount(path, plan.IGNORE);
      plan.unlink(path);
    },
    read() {},
    explain(errno) {
      const code = getSystemErrorName(errno);
      if (code === 'ENOENT') return `there is no namespace '${name}' in ${RUN_DIR}`;
      if (code === 'EBUSY') return `something is still mounted on ${path}`;
      return undefined;
    },
  };
}

function bindName(
  plan: Parameters<Plan<void>['write']>[0],
  name: string,
  fd: number,
  replace: boolean,
): void {
  const path = pathOf(name);
  writeRunDir(plan);
  // A name that something is mounted on is EBUSY here, and EEXIST in the next step.
  if (replace) plan.unlink(path, plan.IGNORE);
  plan.create(path);
  plan.unlink(path, plan.UNDO);
  plan.bind(fd, path);
  plan.unmount(path, plan.UNDO);
}

function explainName(errno: number, name: string | undefined): string | undefined {
  const code = getSystemErrorName(errno);
  if (code === 'EEXIST') {
    return name !== undefined && isLeftover(name)
      ? `only a file is left of '${name}', by a crash: pass { replaceLeftover: true }, or delete the name`
      : `a namespace '${name}' exists`;
  }
  if (code === 'EPERM' || code === 'EACCES') {
    return 'needs CAP_SYS_ADMIN; NetNs.createRootless() makes one without root';
  }
  return undefined;
}
