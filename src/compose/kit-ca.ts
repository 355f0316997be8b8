/**
 * A kit's own authority, from whoever lets it in: the request goes out and the certificates come back in the two blocks that
 * a join exchange carries for other layers, so the kit's certificates are trusted wherever the organisation's are.
 */
import { byteReader, byteWriter, MalformedBytes } from '#base/bytes.ts'
import { codeOf } from '#base/errors.ts'
import { readTlsFolder, writeTlsPart } from '#config/tls-folder.ts'
import { dersFromPem, pemFromDer } from '#x509/certificate.ts'

/** A kit's half of the exchange. */
export interface KitCaExchange {
  /** Goes out with the request to join. */
  readonly block: Uint8Array
  /** PEM; secret. What the answer is for. */
  readonly privateKeyPem: string
}

/** Certificates one answer may bring. */
const CERTIFICATES_MAX = 4

/** Makes a kit's key and the request for its certificate. */
export async function beginKitCa(): Promise<KitCaExchange> {
  const { makeKitCaRequest } = await import('#x509/issue.ts')
  const { privateKeyPem, requestDer } = await makeKitCaRequest()
  return { block: requestDer, privateKeyPem }
}

/** Keeps what came back in the new data folder; nothing when the other node has no authority. */
export async function keepKitCa(
  dataFolder: string,
  { answer, privateKeyPem }: { readonly answer: Uint8Array; readonly privateKeyPem: string },
): Promise<void> {
  const certificates = unpack(answer)
  const root = certificates.at(-1)
  if (root === undefined || certificates.length < 2) return
  await writeTlsPart(dataFolder, 'ca', { certificatePem: pemFromDer(root) })
  const own = pemFromDer(...certificates.slice(0, -1))
  await writeTlsPart(dataFolder, 'kit-ca', { certificatePem: own, keyPem: privateKeyPem })
}

/** Answers such a request with the organisation's authority in `dataFolder`; with nothing where that is not. */
export async function answerKitCa(
  dataFolder: string,
  request: Uint8Array,
  name: string,
): Promise<Uint8Array> {
  const found = await readTlsFolder(dataFolder)
  const nothing = new Uint8Array(0)
  if (request.length === 0 || found?.authorityKeyPem === undefined) return nothing
  const { issueKitCa } = await import('#x509/issue.ts')
  const [root] = dersFromPem(found.authorityPem)
  if (root === undefined) return nothing
  const authority = { certificates: [root] as const, keyPem: found.authorityKeyPem }
  try {
    return pack(await issueKitCa(authority, request, name))
  } catch (error) {
    if (codeOf(error) === 'INPUT_INVALID') return nothing // it founds one of its own, and says so
    throw error
  }
}

function pack(certificates: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter()
  for (const der of certificates) writer.block(der)
  return writer.bytes()
}

function unpack(bytes: Uint8Array): readonly Uint8Array[] {
  try {
    const reader = byteReader(bytes)
    const certificates: Uint8Array[] = []
    while (reader.left() > 0 && certificates.length < CERTIFICATES_MAX)
      certificates.push(new Uint8Array(reader.block()))
    return certificates
  } catch (error) {
    if (error instanceof MalformedBytes) return []
    throw error
  }
}
