import { invalidType, invalidValue } from '../errors.ts';
import type { Codec } from './codec.ts';

const decoder = new TextDecoder();

/** The bytes up to the first NUL, as text. */
export function readText(bytes: Uint8Array, at: number, length: number): string {
  const end = at + length;
  let text = '';
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === 0) return text;
    // Short ASCII, nearly all there is, is faster built here than by a native call.
    if (byte >= 0x80 || i - at > 64) return readLongText(bytes, at, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

function readLongText(bytes: Uint8Array, at: number, end: number): string {
  const nul = bytes.indexOf(0, at);
  return decoder.decode(bytes.subarray(at, nul >= 0 && nul < end ? nul : end));
}

/** NUL-terminated UTF-8 of at most `maxBytes` bytes (the NUL not counted). */
export function text(
  maxBytes: number,
  options: { allowEmpty?: boolean; nul?: boolean } = {},
): Codec<string> {
  const allowed = `text of at most ${maxBytes} bytes without NUL`;
  const nul = options.nul ?? true;
  return {
    type: `text of at most ${maxBytes} bytes`,
    samples: ['a', 'sample'.slice(0, maxBytes), 'z'.repeat(maxBytes)],
    write(w, value, path) {
      if (typeof value !== 'string') throw invalidType(path.toString(), value, allowed);
      // Only a long text, or one beyond ASCII, needs its bytes counted.
      if (
        (value.length * 3 > maxBytes && Buffer.byteLength(value) > maxBytes) ||
        value.includes('\0') ||
        (value === '' && !options.allowEmpty)
      ) {
        throw invalidValue(path.toString(), value, allowed);
      }
      w.string(value);
      if (!nul) w.length--;
    },
    read(bytes, _view, at, length) {
      return readText(bytes, at, length);
    },
  };
}

/** Text in a char array of `size` bytes inside a C struct, padded with NULs. */
export function fixedText(size: number): Codec<string> {
  const inner = text(size - 1, { allowEmpty: true });
  return {
    type: `char[${size}]`,
    size,
    alignment: 1,
    samples: ['a', 'z'.repeat(size - 1)],
    write(w, value, path) {
      const start = w.length;
      inner.write(w, value, path);
      w.zeros(start + size - w.length);
    },
    read: (bytes, view, at, length) => inner.read(bytes, view, at, Math.min(size, length)),
  };
}
