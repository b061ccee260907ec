/** `CCPROXY_TEST_LONG=1`: what the suites try samples of by default, they try all of, for as long as it takes. */
export const isLong = process.env["CCPROXY_TEST_LONG"] === "1";
