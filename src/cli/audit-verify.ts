/** `holdfast audit verify`: checks exported audits with nothing but the root's key; needs no node, no store, no folder. */
import { readFile } from 'node:fs/promises'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { isoFromInstant } from '#base/instant.ts'
import { readAuditFile, type AuditFile } from '#codec/audit-file.ts'
import { compareAudits, proveAudit, type AuditProof, type ProvedList } from '#codec/audit-proof.ts'
import { auditJson } from '#model/audit-line.ts'
import { EXIT, type ExitCode } from './explain.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What the command may be told. */
export interface VerifyOptions extends CommonOptions {
  /** The root's public key, as hexadecimal digits. */
  readonly root?: string
  /** Also writes every entry that is vouched for, one line of JSON each. */
  readonly entries?: boolean
}

const CANNOT_TELL =
  'What was written after the end of a list cannot be seen in one file: compare it with a newer one.'

/** Runs the command: one file, or an older one and a newer one. */
export async function auditVerify(
  files: readonly string[],
  options: VerifyOptions,
  { terminal }: Surroundings,
): Promise<ExitCode> {
  const given = options.root === undefined ? undefined : rootFrom(options.root)
  const checked = await Promise.all(files.map((file) => check(file, given)))
  const [first, second] = checked
  const compared = first && second ? compareAudits(first.proof, second.proof) : []
  const problems = [...checked.flatMap(({ proof }) => proof.problems), ...compared]
  const isGood = problems.length === 0
  if (options.json) {
    const about = checked.map(({ name, file, proof }) => jsonOf(name, file, proof))
    writeJson(terminal, { isGood, isRootGiven: given !== undefined, problems, files: about })
  } else {
    for (const one of checked) writeLines(terminal, lines(one))
    writeLines(terminal, verdict(problems, { given, isAlone: second === undefined }))
  }
  if (options.entries === true)
    for (const { proof } of checked)
      for (const { records } of proof.lists)
        for (const record of records) writeJson(terminal, auditJson(record))
  return isGood ? EXIT.good : EXIT.failed
}

interface Checked {
  readonly name: string
  readonly file: AuditFile
  readonly proof: AuditProof
}

async function check(name: string, given: Uint8Array | undefined): Promise<Checked> {
  const bytes = await readFile(name).catch((cause: unknown) => {
    const found = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    throw new EdgeError('INPUT_INVALID', { field: 'file', file: name, found }, { cause })
  })
  const file = readAuditFile(bytes)
  if (file === undefined)
    throw new EdgeError('INPUT_INVALID', {
      field: 'file',
      file: name,
      found: 'no whole file of audits',
      wanted: 'what `holdfast audit export` wrote',
      do: 'Take it for altered or cut short.',
    })
  return { name, file, proof: proveAudit(file, given ?? file.rootKey) }
}

function rootFrom(text: string): Uint8Array {
  if (/^([0-9a-f]{64}|[0-9a-f]{98})$/i.test(text)) return bytesFromHex(text)
  throw new EdgeError('INPUT_INVALID', {
    field: '--root',
    found: `text of ${text.length} characters`,
    wanted: '64 or 98 hexadecimal digits',
  })
}

function lines({ name, file, proof }: Checked): readonly string[] {
  const made = isoFromInstant(proof.exportedAt) ?? 'an impossible time'
  const rows = proof.lists.map((list) => [
    list.certificate?.name ?? list.node,
    `piece ${list.piece}`,
    `life ${list.actor.slice(16)}`,
    `${list.vouched} of ${list.hashes.length} entries vouched for`,
    `${spanOf(list)}; ${issuerOf(list, proof)}`,
  ])
  return [
    `${name}: made ${made} by ${proof.exporter?.name ?? 'an unknown node'}`,
    `  root key ${hexFromBytes(file.rootKey)}`,
    ...table(rows),
  ]
}

function spanOf({ records }: ProvedList): string {
  const [first, last] = [records[0], records.at(-1)]
  if (first === undefined || last === undefined) return 'nothing'
  return `${isoFromInstant(first.at) ?? '?'} to ${isoFromInstant(last.at) ?? '?'}`
}

/** Who vouches for the node that vouches for the list. */
function issuerOf({ certificate }: ProvedList, { lists }: AuditProof): string {
  if (certificate === undefined) return 'nobody vouches for this node'
  const { issuer } = certificate
  if (issuer === undefined) return 'certificate by the root'
  const name = lists.find(({ node }) => node === issuer)?.certificate?.name ?? issuer
  return `certificate by ${name}, which the root lets issue`
}

function verdict(
  problems: readonly string[],
  { given, isAlone }: { readonly given: Uint8Array | undefined; readonly isAlone: boolean },
): readonly string[] {
  const trust =
    given === undefined
      ? ['The root key is the one in the file: compare it with yours, or name yours with --root.']
      : []
  const end = isAlone ? [CANNOT_TELL] : []
  if (problems.length > 0) return ['DOES NOT HOLD:', ...problems.map((one) => `  ${one}`)]
  const good = 'Holds: every entry is as its node signed it, from the first on, without gaps.'
  return [isAlone ? good : `${good} The newer file goes on from the older.`, ...trust, ...end]
}

function jsonOf(name: string, file: AuditFile, proof: AuditProof): object {
  return {
    file: name,
    rootKey: hexFromBytes(file.rootKey),
    exportedAt: proof.exportedAt,
    exporter: proof.exporter?.name,
    problems: proof.problems,
    lists: proof.lists.map((list) => ({
      node: list.node,
      name: list.certificate?.name,
      issuer: list.certificate === undefined ? undefined : (list.certificate.issuer ?? 'root'),
      piece: list.piece,
      actor: list.actor,
      entries: list.hashes.length,
      vouched: list.vouched,
      head: list.hashes.at(-1),
    })),
  }
}
