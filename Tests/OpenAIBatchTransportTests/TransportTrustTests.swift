// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import OpenAIBatchTransport
import Testing

struct TransportTrustTests {
  @Test(arguments: [
    (TransportTrust.system, [String: String](), String?.none), (.file("/a.pem"), [:], "/a.pem"),
    (.system, ["SSL_CERT_FILE": "/b.pem"], "/b.pem"),
    (.file("/a.pem"), ["SSL_CERT_FILE": "/b.pem"], "/b.pem"),
    (.file("/a.pem"), ["SSL_CERT_FILE": ""], "/a.pem"), (.system, ["SSL_CERT_FILE": ""], nil),
  ])
  func theFileThatCounts(trust: TransportTrust, environment: [String: String], file: String?) {
    #expect(trust.caFile(environment: environment) == file)
  }
}
