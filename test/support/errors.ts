import type { NetlinkError } from 'node-netns';

/** The error that a call ends with, thrown or rejected. Fails where it succeeds. */
export async function errorOf(call: () => unknown): Promise<NetlinkError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Error) return error as NetlinkError;
    throw error;
  }
  throw new Error('the call was expected to fail, and did not');
}
