import { device as checkDevice } from '../check.ts';
import { invalidValue } from '../errors.ts';
import type { Dev } from '../netlink/request.ts';
import type { Codec } from '../wire/codecs.ts';
import { u32 } from '../wire/codecs.ts';

/**
 * A link inside an attribute: told by name or index, read back as an index. The name becomes an
 * index right before sending.
 */
export const device: Codec<Dev> = {
  type: 'link: name or ifindex',
  size: 4,
  samples: [1, 7, 0x7fffffff],
  write(w, value, path) {
    if (typeof value === 'number' && value > 0 && value <= 0x7fffffff && Number.isInteger(value)) {
      w.u32(value);
      return;
    }
    checkDevice(path.toString(), value);
    if (w.links === undefined) throw invalidValue(path.toString(), value, 'an ifindex here');
    else w.links.linkIndex(value);
  },
  read: (bytes, view, at, length) => u32.read(bytes, view, at, length),
};

/** The same, where 0 takes the link away. */
export const deviceOrNone: Codec<Dev | 0> = {
  ...device,
  type: 'link: name or ifindex; 0 for none',
  samples: [0, 7],
  write(w, value, path) {
    if (value === 0) w.u32(0);
    else device.write(w, value, path);
  },
};
