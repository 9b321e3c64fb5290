export enum Unit {
  One = 1,
}

export class Sum {
  constructor(
    private readonly a: number,
    private readonly b: number,
  ) {}

  total(): number {
    return (this.a + this.b) * Unit.One;
  }
}
