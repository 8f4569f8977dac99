import { interfaceName } from '../check.ts';

/**
 * One SIOCETHTOOL: the command's buffer for the link of this name. The kernel writes its answer
 * over the buffer.
 */
export interface EthtoolCommand {
  readonly dev: string;
  readonly bytes: Uint8Array;
}

/**
 * An operation of one or more commands: yields each, is sent its buffer as the kernel left it, and
 * returns the result. What runs it throws the failure of a command into it, because some commands
 * may fail where an older driver lacks them.
 */
export type EthtoolSteps<T> = Generator<EthtoolCommand, T, Uint8Array>;

/** An operation as a value: nothing is asked of the kernel before `steps` is run. */
export interface EthtoolRequest<T> {
  /** The library's name of the operation: 'ethtool.driver'. */
  readonly operation: string;
  steps(): EthtoolSteps<T>;
}

/** What runs one command: the native transport, or a fake one in tests. */
export interface EthtoolRunner {
  command(command: EthtoolCommand): Promise<Uint8Array>;
}

export interface EthtoolRunnerSync {
  command(command: EthtoolCommand): Uint8Array;
}

export async function runSteps<T>(request: EthtoolRequest<T>, runner: EthtoolRunner): Promise<T> {
  const steps = request.steps();
  let turn = steps.next();
  while (!turn.done) {
    let answer: Uint8Array;
    try {
      answer = await runner.command(turn.value);
    } catch (error) {
      turn = steps.throw(error);
      continue;
    }
    turn = steps.next(answer);
  }
  return turn.value;
}

export function runStepsSync<T>(request: EthtoolRequest<T>, runner: EthtoolRunnerSync): T {
  const steps = request.steps();
  let turn = steps.next();
  while (!turn.done) {
    let answer: Uint8Array;
    try {
      answer = runner.command(turn.value);
    } catch (error) {
      turn = steps.throw(error);
      continue;
    }
    turn = steps.next(answer);
  }
  return turn.value;
}

/** The ioctl knows links by their first name only: no alternative name, no index. */
export function deviceName(dev: unknown): string {
  return interfaceName('dev', dev);
}

/** A zeroed buffer of `size` bytes that begins with the command's number. */
export function commandBuffer(command: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  viewOf(bytes).setUint32(0, command, true);
  return bytes;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const latin1 = new TextDecoder('latin1');

/** The text up to the first NUL of a fixed field. */
export function fixedText(bytes: Uint8Array, from: number, size: number): string {
  const field = bytes.subarray(from, from + size);
  const end = field.indexOf(0);
  return latin1.decode(end < 0 ? field : field.subarray(0, end));
}

/** Whether a driver or kernel lacks this command (EOPNOTSUPP 95), or this use of it (EINVAL 22). */
export function isUnsupported(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === 'EOPNOTSUPP' || error.code === 'ENOTSUP' || error.code === 'EINVAL';
}
