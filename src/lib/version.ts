/** The API level that this server speaks; SDKs compare it with the one they were made for. */
export const API_VERSION = '1.9.6'
