// Compiled, never run: what the public types must accept, and, under @ts-expect-error, refuse.
export {};
