import { fq } from './fq.ts';
import { fqCodel } from './fq-codel.ts';
import { htb, htbClass } from './htb.ts';
import { netem } from './netem.ts';
import { bfifo, none, pfifo, prio, sfq } from './simple.ts';
import { tbf } from './tbf.ts';

/** The kinds of qdiscs (TCA_KIND) whose options are known. Others work by name, with raw options. */
export const qdiscKinds = {
  bfifo,
  clsact: none,
  fq,
  fq_codel: fqCodel,
  htb,
  ingress: none,
  mq: none,
  netem,
  noqueue: none,
  pfifo,
  pfifo_fast: prio,
  prio,
  sfq,
  tbf,
};

/** The kinds whose classes have options. */
export const classKinds = {
  htb: htbClass,
};

export type QdiscKinds = typeof qdiscKinds;
export type ClassKinds = typeof classKinds;
