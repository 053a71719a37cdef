// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// Carries the callbacks of one session to the transfers that they belong to.
final class SessionDelegate: NSObject, URLSessionDataDelegate {
  private let transfers = Mutex<[Int: Transfer]>([:])
  private let didInvalidate: @Sendable () -> Void

  /// - Parameter didInvalidate: Called once, when the session has ended for good.
  init(didInvalidate: @escaping @Sendable () -> Void) {
    self.didInvalidate = didInvalidate
  }

  /// Connects a task with its transfer until the task completes.
  func add(_ transfer: Transfer, for task: URLSessionTask) {
    transfers.withLock { $0[task.taskIdentifier] = transfer }
  }

  private func transfer(of task: URLSessionTask) -> Transfer? {
    transfers.withLock { $0[task.taskIdentifier] }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
    totalBytesExpectedToSend: Int64
  ) {
    transfer(of: task)?.didSend(total: totalBytesSent)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @Sendable @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    if let response = response as? HTTPURLResponse { transfer(of: dataTask)?.didReceive(response) }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    transfer(of: dataTask)?.didReceive(data)
  }

  /// Follows no redirect: on Linux the next request would carry the credentials to any host.
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @Sendable @escaping (URLRequest?) -> Void
  ) {
    #if canImport(FoundationNetworking)
    // An answer that meets a cancelled task traps; the cancellation ends the task without one.
    guard transfer(of: task)?.isOver == false else { return }
    #endif
    completionHandler(nil)
  }

  /// Asked for on Linux when libcurl wants to send a body a second time; no other task has a stream.
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    needNewBodyStream completionHandler: @Sendable @escaping (InputStream?) -> Void
  ) {
    transfer(of: task)?.didLoseConnection()
    completionHandler(nil)
  }

  /// Leaves authentication to the request's own fields: a 401 is a response like any other.
  func urlSession(
    _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
    completionHandler: @Sendable @escaping (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
  ) {
    #if canImport(FoundationNetworking)
    // The challenge comes after the whole response, and without credentials the task would never end. Ending
    // it waits for the queue that we are called on.
    transfer(of: task)?.didComplete(nil, response: task.response as? HTTPURLResponse)
    DispatchQueue.global().async { completionHandler(.cancelAuthenticationChallenge, nil) }
    #else
    completionHandler(.performDefaultHandling, nil)
    #endif
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let transfer = transfers.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
    let failure = error.map { error in
      SessionFailure(code: (error as NSError).code, text: error.localizedDescription)
    }
    transfer.didComplete(failure, response: task.response as? HTTPURLResponse)
    transfer.taskDidEnd()
  }

  func urlSession(_ session: URLSession, didBecomeInvalidWithError error: (any Error)?) {
    didInvalidate()
  }
}
