// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch

/// Serves the files of a folder as the contents of files: no socket, so that nothing but the account is measured.
struct FolderTransport: Transport {
  let folder: ResultFolder

  func send(_ request: TransportRequest) async throws(TransportFailure) -> TransportResponse {
    let name = (request.head.path ?? "").split(separator: "/").dropLast().last.map(String.init) ?? ""
    do throws(FileFailure) {
      let bytes = try FileBytes(path: folder.path(of: name))
      let head = HTTPResponse(status: .ok, headerFields: [.contentLength: "\(bytes.length)"])
      return TransportResponse(head: head, body: ResponseBody(FileBody(bytes)))
    } catch {
      throw TransportFailure(.invalid, error.description)
    }
  }
}

private final class FileBody: ResponseBodySource {
  private let bytes: FileBytes

  init(_ bytes: FileBytes) { self.bytes = bytes }

  func next() throws(TransportFailure) -> ArraySlice<UInt8>? {
    do throws(FileFailure) {
      return try bytes.next()
    } catch {
      throw TransportFailure(.interrupted, error.description)
    }
  }

  func abandon() {}
}
