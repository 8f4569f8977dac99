import { NetlinkError } from '../errors.ts';
import type { NetNs } from '../netns/netns.ts';
import type { AttachOptions } from './attach-options.ts';
import { type Blank, blankSequence, fillSequence, keptOf } from './blank.ts';
import type { Course } from './course.ts';
import type { EndpointState, Recycled, RecycleOptions } from './endpoint.ts';
import { INDEX_TRIES, type Members, type Workshop } from './members.ts';
import { recycle, takenBack, Unfit } from './recycle/recycler.ts';
import { scrubSequence } from './recycle/scrub.ts';
import { templateIn } from './recycle/template.ts';
import { runSequence } from './sequence.ts';
import { Stencils } from './stencils.ts';

/** Makes endpoints that get their addresses when they are taken, and takes them back. */
export class Stock {
  readonly #shop: Workshop;
  readonly #members: Members;
  readonly #fills = new Stencils(fillSequence);
  readonly #scrubs = new Stencils(scrubSequence);

  constructor(shop: Workshop, members: Members) {
    this.#shop = shop;
    this.#members = members;
  }

  /** Makes an endpoint that gets its address when somebody takes it. */
  async make(course?: Course): Promise<Blank> {
    const { host, settings, layout, seats, recycle } = this.#shop;
    for (let tries = 0; ; tries++) {
      const seat = seats.blank();
      try {
        const watched = recycle !== undefined;
        const made = await runSequence(
          blankSequence(host, settings, layout, seat, watched),
          course,
        );
        const { netns, sentinel } = made;
        await sentinel?.settled();
        const template =
          recycle === 'verified' ? await templateIn(netns).catch(giveUp(netns)) : undefined;
        return {
          seat,
          sentinel,
          template,
          assigned: {},
          gateways: layout.gateways(settings),
          mac: seat.mac,
          ifname: seat.ifname,
          hostLink: layout.inner ? (settings.record.parent ?? '') : seat.hostLink,
          hostIndex: layout.inner ? 0 : seat.hostIndex,
          foreign: false,
          netns,
          ports: [],
        };
      } catch (error) {
        seats.release({}, seat.hostLink);
        if (!(error instanceof NetlinkError) || error.code !== 'EBUSY' || tries === INDEX_TRIES)
          throw error;
        seats.otherIndexes();
      }
    }
  }

  /** Gives one back, or destroys it. */
  async recycle(endpoint: EndpointState, options: RecycleOptions): Promise<Recycled> {
    const { pool, rules, seats } = this.#shop;
    let state = endpoint;
    try {
      if (!pool.hasRoom) throw new Unfit('the pool is full');
      const blank = takenBack(state);
      state = blank;
      await recycle(blank, options, () => this.#scrub(blank));
      if (blank.ports.length > 0) await rules.forget(blank.ports);
      seats.release(blank.assigned);
      const { seat } = blank;
      const again: Blank = { ...blank, assigned: {}, mac: seat.mac, name: undefined, ports: [] };
      again.taken = undefined;
      state = again;
      // What taking it back has changed is not its next tenant's doing: see fill.
      if (!pool.give(state)) throw new Unfit('the pool is full');
      return { recycled: true };
    } catch (error) {
      await this.#members.remove(state);
      if (error instanceof Unfit) return { recycled: false, because: error.message };
      // What can't be asked is not known to be as it was.
      if (!(error instanceof NetlinkError)) throw error;
      return { recycled: false, because: error.message };
    }
  }

  #scrub(blank: Blank): Promise<void> {
    const { host, settings, layout } = this.#shop;
    const { taken: seat = blank.seat, name, ports } = blank;
    const kept = keptOf(blank, seat.mac);
    const attachment = { host, settings, layout, seat, name, ports, tag: '', kept };
    const bytes = this.#scrubs.fill(attachment);
    return runSequence(scrubSequence(attachment), undefined, bytes && { bytes, host });
  }

  /** Gives a blank its address and what else is its own; what fails takes it away. */
  async fill(blank: Blank, options: AttachOptions, course?: Course): Promise<EndpointState> {
    const { host, settings, layout, seats, pool } = this.#shop;
    const { name, publish } = options;
    try {
      blank.assigned = seats.take(options.address);
    } catch (error) {
      if (!pool.restore(blank)) await this.#members.remove(blank);
      throw error;
    }
    try {
      const seat = seats.filled(blank.seat, blank.assigned, options, layout.oneMac === true);
      const tag = this.#members.tag(name);
      const kept = keptOf(blank, seat.mac);
      const attachment = { host, settings, layout, seat, name, ports: [], tag, kept };
      blank.taken = seat;
      const bytes = this.#fills.fill(attachment);
      await runSequence(fillSequence(attachment), course, bytes && { bytes, host });
      blank.mac = seat.mac;
      blank.name = name;
      if (name !== undefined) blank.netns.hold.name = name;
      if (publish !== undefined) await this.#members.publishTo(blank, [publish].flat(), course);
      // From here on it is the tenant's doing.
      blank.sentinel?.drain();
      return blank;
    } catch (error) {
      await this.#members.remove(blank);
      throw error;
    }
  }
}

/** Closes what was made when something behind it fails. */
function giveUp(netns: NetNs): (error: unknown) => never {
  return (error) => {
    netns.close();
    throw error;
  };
}
