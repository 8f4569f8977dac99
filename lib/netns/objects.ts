import { address } from '../rtnetlink/address/api.ts';
import { link } from '../rtnetlink/link/api.ts';
import { route } from '../rtnetlink/route/api.ts';
import { asyncFaces, type Face, type Speaker, type SyncFace, syncFaces } from './faces.ts';

/** The kernel's objects that a namespace holds, each with its operations. */
const MAKERS = { link, address, route };

type Makers = typeof MAKERS;

/** `ns.link`, `ns.address`, …: each operation asynchronously. */
export type AsyncObjects = { readonly [K in keyof Makers]: Face<Makers[K]> };
/** `ns.sync.link`, …: each operation at once, on the calling thread. */
export type SyncObjects = { readonly [K in keyof Makers]: SyncFace<Makers[K]> };

/** Gives `holder` a property for each object, made for a namespace when it is first read. */
function define(
  holder: object,
  faces: <M extends object>(makers: M) => (speaker: Speaker) => unknown,
  speakerOf: (self: object) => Speaker,
): void {
  for (const [name, makers] of Object.entries(MAKERS)) {
    const make = faces(makers);
    Object.defineProperty(holder, name, {
      configurable: true,
      get(this: object) {
        const value = make(speakerOf(this));
        Object.defineProperty(this, name, { value });
        return value;
      },
    });
  }
}

/** Adds the asynchronous faces to a class of speakers. */
export function defineObjects(prototype: Speaker): void {
  define(prototype, asyncFaces, (self) => self as Speaker);
}

const syncPrototype = {};
define(syncPrototype, syncFaces, (self) => (self as { speaker: Speaker }).speaker);

export function syncObjects(speaker: Speaker): SyncObjects {
  return Object.create(syncPrototype, { speaker: { value: speaker } }) as SyncObjects;
}
