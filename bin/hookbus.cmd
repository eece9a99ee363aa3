@node "%~dp0hookbus.js" %*
