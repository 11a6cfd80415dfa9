import { base64 } from '@scure/base'

const encoder = new TextEncoder()
const IV_BYTES = 12

async function sealingKey(secret: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
  ])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode('seal') },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

/**
 * Encrypts a text that the server must be able to read again: AES-256-GCM under the deployment's secret.
 * @param context what the text is and whose; the same is needed to open it
 * @returns base64 of the initialisation vector and the ciphertext; '' for ''
 */
export async function seal(text: string, secret: string, context: string): Promise<string> {
  if (text === '') return ''
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: encoder.encode(context) },
    await sealingKey(secret),
    encoder.encode(text),
  )
  const bytes = new Uint8Array(IV_BYTES + sealed.byteLength)
  bytes.set(iv)
  bytes.set(new Uint8Array(sealed), IV_BYTES)
  return base64.encode(bytes)
}

/**
 * Decrypts what {@link seal} gave.
 * @returns undefined when it was sealed under another secret or for another context
 */
export async function unseal(
  sealed: string,
  secret: string,
  context: string,
): Promise<string | undefined> {
  if (sealed === '') return ''
  const bytes = Uint8Array.from(atob(sealed), (character) => character.charCodeAt(0))
  const opened = await crypto.subtle
    .decrypt(
      {
        name: 'AES-GCM',
        iv: bytes.subarray(0, IV_BYTES),
        additionalData: encoder.encode(context),
      },
      await sealingKey(secret),
      bytes.subarray(IV_BYTES),
    )
    .catch(() => undefined)
  return opened && new TextDecoder().decode(opened)
}
