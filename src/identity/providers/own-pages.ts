/** Where browsers end that were given no address of the app's (docs/contract/account.md §11.1). */
export const OWN_PAGES = {
  success: '/console/auth/oauth2/success',
  failure: '/console/auth/oauth2/failure',
} as const
