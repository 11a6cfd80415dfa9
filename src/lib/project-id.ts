/**
 * What a project ID keeps from working. Native apps are called back at `appwrite-callback-ID:`, and a scheme
 * has neither underscores nor capitals (RFC 3986 §3.1).
 * @returns undefined for an ID without a fault
 */
export const projectIdFault = (id: string): string | undefined =>
  id === 'console'
    ? 'PROJECT_ID console is reserved: SDKs and command line tools mean no project by it.'
    : /[A-Z_]/.test(id)
      ? `PROJECT_ID ${id} has capitals or underscores: no native app can be signed in to, since its callback appwrite-callback-${id} would be no scheme. Use a-z, 0-9, "-" and "."`
      : undefined
