/** Does something for each of many, so many at once, in their order. */
export async function atOnce<One>(
  number: number,
  all: readonly One[],
  run: (one: One) => Promise<void>,
): Promise<void> {
  const waiting = [...all]
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await run(one)
  }
  await Promise.all(Array.from({ length: number }, next))
}
