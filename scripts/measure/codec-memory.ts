/** Says how much larger a process has become by the codec, in MB: with what it uses on all links, and with that for thin ones. */
const TEXT = Buffer.from('Convoy of four trucks has passed the second bridge, next report at noon.')

const before = settledMb()
const { compress, decompress } = await import('#codec/compression.ts')
use(false)
const usual = settledMb() - before
use(true)
const thin = settledMb() - before
console.log(JSON.stringify({ usual, thin }))

function use(isThin: boolean): void {
  for (let times = 0; times < 50; times += 1) decompress(compress(TEXT, { isThin }))
}

function settledMb(): number {
  for (let times = 0; times < 3; times += 1) globalThis.gc?.()
  return process.memoryUsage.rss() / 1_048_576
}
