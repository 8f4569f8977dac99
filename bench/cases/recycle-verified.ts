import { recycleCase } from './recycle.ts';

export default recycleCase(
  'recycle-verified',
  'verified',
  'all that the kernel lists compared',
  2_500,
);
