/** Codes of errors of certificates and of the handshake, by OpenSSL and by Node. */
export function isTlsError(code: string): boolean {
  return /CERT|^ERR_SSL|^ERR_TLS|^EPROTO$|SIGNATURE|ALTNAME/.test(code)
}
