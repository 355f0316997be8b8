/** What a failing store says: full, in use, broken or closed, told apart by what the system reported. */
import { EdgeError } from '#base/errors.ts'

/** strerror texts of ENOSPC, EDQUOT and EFBIG: LevelDB passes on the text and drops the number. */
const FULL_TEXT =
  /no space left on device|disk quota exceeded|file too large|not enough space on the disk/i
const FULL_CODES: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** How far the causes of an error are followed. */
const CAUSES_MAX = 5

/** The `EdgeError` for what LevelDB or the file system threw: STORE_FULL, DATA_FOLDER_IN_USE or STORE_BROKEN. */
export function storeError(thrown: unknown): EdgeError {
  if (thrown instanceof EdgeError) return thrown
  const causes = causesOf(thrown)
  const codes = causes.map((cause) => cause.code).filter((code) => code !== undefined)
  const reason = codes.at(-1) ?? 'UNKNOWN'
  if (codes.includes('LEVEL_LOCKED'))
    return new EdgeError('DATA_FOLDER_IN_USE', { reason }, { cause: thrown })
  if (causes.some(isFull)) return new EdgeError('STORE_FULL', { reason }, { cause: thrown })
  return new EdgeError('STORE_BROKEN', { reason }, { cause: thrown })
}

/** Whether LevelDB found its own files damaged, or one of them gone. */
export function isDamage(thrown: unknown): boolean {
  return causesOf(thrown).some(
    ({ code, message }) =>
      code === 'LEVEL_CORRUPTION' ||
      // A table that ends early is read beyond its end.
      (code === 'LEVEL_IO_ERROR' && /no such file or directory|invalid argument/i.test(message)),
  )
}

/** For every call on a store that has been closed. */
export function storeClosed(): EdgeError {
  return new EdgeError('STOPPING', { reason: 'store closed' })
}

interface Cause {
  readonly code: string | undefined
  readonly message: string
}

function isFull(cause: Cause): boolean {
  return FULL_CODES.includes(cause.code ?? '') || FULL_TEXT.test(cause.message)
}

/** The error and what it names as its cause, outermost first. */
function causesOf(thrown: unknown): readonly Cause[] {
  const causes: Cause[] = []
  let next = thrown
  while (next instanceof Error && causes.length < CAUSES_MAX) {
    const code = 'code' in next && typeof next.code === 'string' ? next.code : undefined
    causes.push({ code, message: next.message })
    next = next.cause
  }
  return causes
}
