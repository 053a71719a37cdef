// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Synchronization
import Testing

/// A conversation with a provider as its documentation and its own clients have it: what must be asked, in order,
/// and what comes back.
struct Exchange: Sendable {
  let request: String
  let status: Int
  let response: String

  /// - Parameters:
  ///   - request: Method and whole URL.
  ///   - response: The answer's body.
  init(_ request: String, _ status: Int, _ response: String) {
    self.request = request
    self.status = status
    self.response = response
  }

  init(_ request: String, _ response: String) { self.init(request, 200, response) }
}

/// Plays a conversation: any other request than the next one is answered with 599.
final class Recording: Sendable {
  let transport: ScriptedTransport

  init(_ exchanges: [Exchange]) {
    transport = ScriptedTransport { request in
      let head = request.head
      let line = "\(head.method.rawValue) \(head.scheme ?? "")://\(head.authority ?? "")\(head.path ?? "")"
      guard request.number <= exchanges.count, exchanges[request.number - 1].request == line else {
        Issue.record("request \(request.number) was \(line)")
        return Reply(599)
      }
      let exchange = exchanges[request.number - 1]
      return Reply(exchange.status, exchange.response)
    }
  }

  func client(
    _ configuration: BatchClient.Configuration,
    configure: (inout BatchClient.Configuration) -> Void = { _ in }
  ) -> BatchClient {
    var configuration = configuration
    configuration.retry = .none
    configure(&configuration)
    return BatchClient(configuration: configuration, transport: transport)
  }

  /// A header field of each request.
  func values(_ name: String) -> [String?] {
    transport.requests.map { request in HTTPField.Name(name).flatMap { request.head.headerFields[$0] } }
  }

  /// The names and values of an upload's form, the file's as `name=filename`.
  func form(of number: Int) -> [String] {
    transport.requests[number].text.components(separatedBy: "Content-Disposition: form-data; name=\"")
      .dropFirst()
      .map { part in
        let name = part.prefix { $0 != "\"" }
        if let range = part.range(of: "filename=\"") {
          return "\(name)@\(part[range.upperBound...].prefix { $0 != "\"" })"
        }
        let value = part.components(separatedBy: "\r\n\r\n").dropFirst().first ?? ""
        return "\(name)=\(value.components(separatedBy: "\r\n").first ?? "")"
      }
  }
}
