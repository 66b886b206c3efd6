@echo off
rem Runs cos_sync.exe in the folder of this file, whatever the current folder is.
setlocal DisableDelayedExpansion
set "before="
for /f "tokens=2 delims=:." %%c in ('chcp') do set "before=%%c"
chcp 65001 >nul
"%~dp0cos_sync.exe" %*
set "code=%errorlevel%"
setlocal EnableDelayedExpansion
rem The Explorer starts a file as:  cmd /c ""C:\folder\start_cos_sync.bat" "
rem and nothing else leaves that blank before the last quote: only then wait for a key.
set "line=!cmdcmdline!"
set "line=!line:"='!"
if /i "!line:~-7!"==".bat' '" pause
if defined before chcp !before! >nul
exit /b !code!
