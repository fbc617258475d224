/** A keychain whose backend and health a test can choose. It hides nothing: that is the system's business. */
export const keychain = { backend: 'gnome_libsecret', available: true, shouldReEncrypt: false }

export const safeStorage = {
  isAsyncEncryptionAvailable: async () => keychain.available,
  getSelectedStorageBackend: () => keychain.backend,
  encryptStringAsync: async (text) => {
    if (!keychain.available) throw new Error('Encryption is not available.')
    return Buffer.from(`standin:${Buffer.from(text).toString('base64')}`)
  },
  decryptStringAsync: async (bytes) => {
    const [, text] = /^standin:(.*)$/.exec(bytes.toString()) ?? []
    if (text === undefined) throw new Error('Error while decrypting the ciphertext provided to safeStorage.')
    return { result: Buffer.from(text, 'base64').toString(), shouldReEncrypt: keychain.shouldReEncrypt }
  },
}
