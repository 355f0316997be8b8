/**
 * Which blocks of `src` have run: V8's precise coverage, asked through the inspector of this thread. An input that reaches
 * a block none before it reached is worth keeping.
 */
import { Session, type Profiler } from 'node:inspector/promises'

/** Coverage of this thread, from now on. */
export interface Coverage extends AsyncDisposable {
  /** Blocks that ran for the first time since the last look. */
  readonly fresh: () => Promise<ReadonlySet<string>>
  /** Those of `wanted` that ran since the last look. */
  readonly among: (wanted: ReadonlySet<string>) => Promise<readonly string[]>
  readonly blocks: () => number
}

/** Starts counting. */
export async function openCoverage(): Promise<Coverage> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const seen = new Set<string>()
  const look = async (): Promise<readonly string[]> => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    return result.filter(isOurs).flatMap(blocksOf)
  }
  return {
    fresh: async () => {
      const found = new Set((await look()).filter((block) => !seen.has(block)))
      for (const block of found) seen.add(block)
      return found
    },
    among: async (wanted) => (await look()).filter((block) => wanted.has(block)),
    blocks: () => seen.size,
    [Symbol.asyncDispose]: async () => {
      await session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}

function isOurs({ url }: Profiler.ScriptCoverage): boolean {
  return url.includes('/src/') && !url.includes('/node_modules/')
}

function blocksOf({ scriptId, functions }: Profiler.ScriptCoverage): readonly string[] {
  return functions.flatMap(({ ranges }) =>
    ranges
      .filter(({ count }) => count > 0)
      .map(({ startOffset, endOffset }) => `${scriptId}:${startOffset}:${endOffset}`),
  )
}
