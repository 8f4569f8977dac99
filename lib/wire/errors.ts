/**
 * Bytes from the kernel that no reader understands. `path` names the attribute
 * ('linkinfo.data.id'), `offset` is the place in the buffer.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly code = 'ERR_NETLINK_DECODE';
  readonly offset: number;
  path: string | undefined;

  constructor(reason: string, offset: number, path?: string) {
    super(reason);
    this.offset = offset;
    if (path !== undefined) this.locate(path);
  }

  /** Names the attribute once: the innermost table that knows wins. */
  locate(path: string): void {
    if (this.path !== undefined) return;
    this.path = path;
    this.message = `${path}: ${this.message}`;
  }
}
