// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import OpenAIBatchTransport

/// Passes on to a call what AsyncHTTPClient tells, on the transport's event loop.
final class ResponseDelegate: HTTPClientResponseDelegate {
  typealias Response = Void
  private let call: Call

  init(_ call: Call) {
    self.call = call
  }

  func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
    call.didSendHead()
  }

  func didSendRequestPart(task: HTTPClient.Task<Void>, _ part: IOData) {
    call.didSendPart()
  }

  func didVisitURL(task: HTTPClient.Task<Void>, _ request: HTTPClient.Request, _ head: HTTPResponseHead) {
    call.willReadHead(head)
  }

  func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
    call.didReceiveHead(head)
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    call.didReceiveBody(buffer)
  }

  func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
    call.didFail(error)
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) {
    call.didFinish()
  }
}

extension HTTPResponse {
  /// Reads a head; `nil` for a status that is none, or that nobody asked for.
  init?(_ head: HTTPResponseHead) {
    guard (200...999).contains(head.status.code) else { return nil }
    var fields = HTTPFields()
    fields.reserveCapacity(head.headers.count)
    for (name, value) in head.headers {
      guard let name = HTTPField.Name(name) else { return nil }
      fields.append(HTTPField(name: name, value: value))
    }
    self.init(
      status: Status(code: Int(head.status.code), reasonPhrase: head.status.reasonPhrase),
      headerFields: fields)
  }
}

extension HTTPResponseHead {
  /// Whether AsyncHTTPClient would follow it.
  var isRedirect: Bool {
    [301, 302, 303, 307, 308].contains(status.code) && headers.contains(name: "location")
  }

  var hasEncodedBody: Bool {
    headers[canonicalForm: "content-encoding"].contains { $0.lowercased() != "identity" }
  }
}
#endif
