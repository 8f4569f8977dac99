import { RUN_DIR } from '../netns/names.ts';

/** A network namespace that is mounted somewhere, so that a path leads to it. */
export interface NamespaceMount {
  inode: number;
  path: string;
  /** Its name, where the path is that of `ip netns`. */
  name?: string;
}

/** ID PARENT MAJOR:MINOR ROOT MOUNTPOINT … - TYPE …; a namespace's root tells its inode. */
const LINE = /^\d+ \d+ \d+:\d+ net:\[(\d+)\] (\S+) .* - nsfs /;

/** /var/run is /run on every system of today, and not on yesterday's. */
const NAME_DIRS = [`${RUN_DIR}/`, '/var/run/netns/'];

/**
 * The mounted namespaces in the text of /proc/self/mountinfo: one file tells them all, names and
 * inodes, without opening any. What is mounted over another hides it, so the last of a path counts.
 */
export function namespaceMounts(mountinfo: string): NamespaceMount[] {
  const found = new Map<string, NamespaceMount>();
  for (const line of mountinfo.split('\n')) {
    const match = LINE.exec(line);
    if (!match) continue;
    const path = unescaped(match[2]);
    const dir = NAME_DIRS.find((prefix) => path.startsWith(prefix));
    const name = dir === undefined ? undefined : path.slice(dir.length);
    const named = name !== undefined && name !== '' && !name.includes('/');
    found.set(path, { inode: Number(match[1]), path, ...(named ? { name } : {}) });
  }
  return [...found.values()];
}

/** The kernel writes blanks, line breaks and backslashes of a path in octal. */
function unescaped(path: string): string {
  if (!path.includes('\\')) return path;
  const bytes: number[] = [];
  const raw = Buffer.from(path);
  for (let i = 0; i < raw.length; i++) {
    const octal = raw[i] === 0x5c ? raw.toString('latin1', i + 1, i + 4) : '';
    if (/^[0-7]{3}$/.test(octal)) {
      bytes.push(Number.parseInt(octal, 8));
      i += 3;
    } else bytes.push(raw[i]);
  }
  return Buffer.from(bytes).toString();
}
