export class Holder {
  control = -1;
  user = -1;
  use(): void {}
  drop(): void {}
}
