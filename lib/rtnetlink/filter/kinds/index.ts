import { flower } from './flower.ts';
import { bpf, fw, matchall } from './simple.ts';
import { u32 } from './u32.ts';

/** The kinds of filters (TCA_KIND) whose options are known. Others work by name, with raw options. */
export const filterKinds = { bpf, flower, fw, matchall, u32 };

export type FilterKinds = typeof filterKinds;
