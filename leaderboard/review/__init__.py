"""What continuous integration does with a pull request: fetch its files as data, report, comment.

Nothing of a request is executed, and no step that reads its files has a right to write. A report is
made without secrets and is as untrusted as the request; the comment is made from it elsewhere.
"""
